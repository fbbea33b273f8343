"""Stands in for SGLang's compiled kernels, of which PyPI has only a CUDA build.

SGLang 0.5.23 imports a handful of names from here as soon as it runs on a CPU, all of them for speculative
decoding, which no test uses: they are here to be imported. What is called is one operator, the hash behind
`sampling_seed`, and it is written here in torch.
"""

from collections.abc import Callable
from typing import NoReturn

import torch

_WORD = 0xFFFFFFFF


def _multiply(value: torch.Tensor, factor: int) -> torch.Tensor:
    # A product of two 32-bit numbers may not fit an int64, so the factor goes in two halves.
    low, high = factor & 0xFFFF, factor >> 16
    return (value * low + (((value * high) & _WORD) << 16)) & _WORD


def _rotate(value: torch.Tensor, bits: int) -> torch.Tensor:
    return ((value << bits) | (value >> (32 - bits))) & _WORD


def _absorb(state: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    block = _multiply(_rotate(_multiply(block & _WORD, 0xCC9E2D51), 15), 0x1B873593)
    return (_rotate(state ^ block, 13) * 5 + 0xE6546B64) & _WORD


def _finish(state: torch.Tensor, length: int) -> torch.Tensor:
    state = state ^ length
    state = _multiply(state ^ (state >> 16), 0x85EBCA6B)
    state = _multiply(state ^ (state >> 13), 0xC2B2AE35)
    return state ^ (state >> 16)


def murmur_hash32_cpu(seed: torch.Tensor, positions: torch.Tensor, col_indices: torch.Tensor) -> torch.Tensor:
    """Hashes (seed, position, column) to 32 bits with MurmurHash3, as the CUDA kernel does.

    Args:
        seed: 64-bit seeds, one a row.
        positions: Token positions, one a row.
        col_indices: Token ids, one a column.

    Returns:
        A uint32 hash for each row and column.
    """
    seed = seed.to(torch.int64)
    state = torch.zeros_like(seed)
    for block in (seed, seed >> 32, positions.to(torch.int64)):
        state = _absorb(state, block)
    state = _absorb(state[:, None], col_indices.to(torch.int64)[None, :])
    return _finish(state, length=16).to(torch.uint32)


def _missing(name: str) -> Callable[..., NoReturn]:
    def fail(*args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedError(f"sgl_kernel.{name} has no stand-in in tests/sglang_cpu/shim")

    return fail


assign_draft_cache_locs_contiguous_cpu = _missing("assign_draft_cache_locs_contiguous_cpu")
assign_extend_cache_locs_cpu = _missing("assign_extend_cache_locs_cpu")
assign_req_to_token_pool_cpu = _missing("assign_req_to_token_pool_cpu")
build_tree_kernel_efficient_cpu = _missing("build_tree_kernel_efficient_cpu")
copy_all_layer_kv_cache_cpu = _missing("copy_all_layer_kv_cache_cpu")
fill_accept_out_cache_loc_cpu = _missing("fill_accept_out_cache_loc_cpu")
fill_bonus_tokens_cpu = _missing("fill_bonus_tokens_cpu")
verify_tree_greedy_cpu = _missing("verify_tree_greedy_cpu")

# SGLang calls it as torch.ops.sgl_kernel.murmur_hash32_cpu, which lives as long as the library object.
_library = torch.library.Library("sgl_kernel", "DEF")
_library.define("murmur_hash32_cpu(Tensor seed, Tensor positions, Tensor col_indices) -> Tensor")
_library.impl("murmur_hash32_cpu", murmur_hash32_cpu, "CPU")
