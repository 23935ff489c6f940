"""Choose a coreset and keep it as a selection, without training on it.

Usage: python select.py sampler=kcenter fraction=0.005

The script has the name of a module of the standard library, and hides it from every program whose search path starts
here (`python train.py`, `python -c`, `python -m pytest`, spawned children, cluster workers). Under the name `select` it
therefore becomes that module and nothing else; only under another name is it our script.
"""

if __name__ == "select":
    import sys
    from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder
    from importlib.util import module_from_spec

    # Only a compiled `select` will do: the `select.py` of another checkout would look for ours, and so on without end.
    # A mere folder of that name is found too, as a namespace package; it has no loader.
    _specs = (FileFinder(entry, (ExtensionFileLoader, EXTENSION_SUFFIXES)).find_spec("select") for entry in sys.path)
    _spec = next((spec for spec in _specs if spec and spec.loader), None)
    if _spec is None:
        raise ImportError("the standard library's compiled 'select' is nowhere on sys.path", name="select")
    _compiled = module_from_spec(_spec)
    _spec.loader.exec_module(_compiled)
    # Copied, not put into `sys.modules` in our place: a thread that imports at the same moment already holds this one.
    globals().update({name: value for name, value in vars(_compiled).items() if not name.startswith("_")})
else:
    from pathlib import Path

    import hydra
    from omegaconf import DictConfig

    from ltd import command

    CONF = Path(__file__).resolve().parent / "conf"

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name="select")
    def main(config: DictConfig) -> float:
        return command.job("select", config)

    if __name__ == "__main__":
        command.run(main, CONF)
