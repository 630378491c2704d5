/**
 * Gives the bytes of files by name: of those that were chosen, or of those beside an address.
 *
 * @param source an address, or an array of File
 */
export function reader(source) {
  return async name => {
    if (Array.isArray(source)) {
      const file = source.find(each => each.name === name);
      if (!file) {
        throw new Error(`${name}: expected it among the chosen files, found ${
          source.map(each => each.name).join(', ') || 'none'}`);
      }
      return new Uint8Array(await file.arrayBuffer());
    }
    const response = await fetch(new URL(name, source));
    if (!response.ok) {
      throw new Error(`${name}: expected a file that is served, found none (${response.status})`);
    }
    return new Uint8Array(await response.arrayBuffer());
  };
}
