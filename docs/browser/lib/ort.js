/** Where onnxruntime-web lies unless the page's address says `?ort=FOLDER/`. */
const DEFAULT = 'node_modules/onnxruntime-web/dist/';

/** The folder of onnxruntime-web, as a whole address: workers load from elsewhere than pages. */
export function ortFolder(location) {
  const chosen = new URLSearchParams(location.search).get('ort') ?? DEFAULT;
  return new URL(chosen.endsWith('/') ? chosen : chosen + '/', location.href).href;
}

/** Loads onnxruntime-web, the version for processors alone. */
export async function loadOrt(folder) {
  const ort = await import(folder + 'ort.wasm.min.mjs');
  ort.env.wasm.wasmPaths = folder;
  return ort;
}
