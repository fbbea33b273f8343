"""Adapts SGLang 0.5.23 to a machine without a GPU, in every process that has this folder on PYTHONPATH.

SGLang starts its scheduler and detokenizer as processes of their own. Python runs `sitecustomize` at the
start of each, so this is the one place that reaches them all. Each function below changes one module right
after its import; README.md lists them.
"""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_libraries: list[object] = []


def define_missing_operators(extension: ModuleType) -> None:
    """Declares the operators torchvision insists on where its compiled part did not load.

    PyPI's torchvision is a CUDA build. Beside a CUDA build of torch it loads, even without a GPU; beside a
    CPU build it does not, and then `import torchvision` stops at the first of these two.
    """
    if extension._has_ops():
        return
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _libraries.append(library)  # the operators live as long as the library object


def allow_deterministic_mode(choices: ModuleType) -> None:
    """Lets `--enable-deterministic-inference` go with the torch_native backend, prefix cache included."""
    choices.add_deterministic_attention_backend_choices(["torch_native"])
    choices.add_radix_supported_deterministic_attention_backend_choices(["torch_native"])


def keep_torch_operators(operators: ModuleType) -> None:
    """Keeps torch's own matrix operators: the batch-invariant ones of that mode are Triton kernels."""

    def enable_batch_invariant_mode(enable_bmm: bool = True) -> None:
        pass

    operators.enable_batch_invariant_mode = enable_batch_invariant_mode  # type: ignore[attr-defined]


_AFTER_IMPORT: dict[str, Callable[[ModuleType], None]] = {
    "torchvision.extension": define_missing_operators,
    "sglang.srt.arg_groups.choices": allow_deterministic_mode,
    "sglang.srt.batch_invariant_ops": keep_torch_operators,
}


class _AfterImport(MetaPathFinder):
    """Finds a module listed above as Python would, and has its change made once it is executed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        # Popped first: each is imported once, and the search below comes past here again.
        change = _AFTER_IMPORT.pop(fullname, None)
        if change is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"{fullname}: not found; the shim was written for SGLang 0.5.23")
        execute = spec.loader.exec_module

        def execute_then_change(module: ModuleType) -> None:
            execute(module)
            change(module)

        spec.loader.exec_module = execute_then_change  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, _AfterImport())
