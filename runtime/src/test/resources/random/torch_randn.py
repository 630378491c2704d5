"""Writes torch_randn.csv: what PyTorch's CPU generator gives, as CRC-32 of the numbers' bits, for the test of
TorchNoise. Made with PyTorch 2.13.0 on x86-64 with AVX2.

    python3 torch_randn.py > torch_randn.csv
"""
import zlib

import torch

SEEDS = (0, -1, 2**31, 2**32 + 5, -2**63, 2**63 - 1)
SIZES = (*range(1, 41), 100, 1000, 1023, 4099)
DRAWS = 3

print("seed,size,draws,crc32")
for seed in SEEDS:
    for size in SIZES:
        torch.manual_seed(seed)
        crc = 0
        for _ in range(DRAWS):
            crc = zlib.crc32(torch.randn(size).numpy().astype("<f4").tobytes(), crc)
        print(f"{seed},{size},{DRAWS},{crc:08x}")
torch.manual_seed(42)
print(f"42,1000003,1,{zlib.crc32(torch.randn(1000003).numpy().astype('<f4').tobytes()):08x}")
