"""Run notebooks from the top, honouring the flags of settings.ini, and store their outputs in place (`make notebooks`).
Names given on the command line choose notebooks by any part of their name: .ci/refresh_outputs.py env_check"""
import os, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOISE = 'stderr'   # progress bars, warnings and logs; what the prose refers to is printed or displayed

def skipped(cell, flags):
    "Whether nbdev_test would leave this cell out, by the same rules."
    given = getattr(cell, 'directives_', None) or {}
    return cell.cell_type != 'code' or bool(flags & given.keys()) or given.get('eval:', [''])[0].lower() == 'false' or 'nbdev_export(' in cell.source

def refresh(file):
    "Execute notebook `file` and write it back, cleaned; cells that are skipped keep the outputs they have."
    from execnb.nbio import write_nb
    from execnb.shell import CaptureShell
    from fastcore.xtras import working_directory
    from nbdev.clean import clean_nb
    from nbdev.config import get_config
    from nbdev.process import NBProcessor
    config = get_config()
    nb = NBProcessor(file, rm_directives=False).nb
    sys.path.insert(0, str(ROOT)); os.environ['IN_TEST'] = '1'
    with working_directory(file.parent): CaptureShell(file, mpl_format='png').run_all(nb, exc_stop=True, preproc=lambda cell: skipped(cell, set(config.tst_flags.split())))
    for cell in nb.cells:
        if cell.cell_type == 'code': cell.outputs = [o for o in cell.outputs if o.get('name') != NOISE and not any('widget' in k for k in o.get('data', {}))]
    clean_nb(nb, allowed_cell_metadata_keys=config.allowed_cell_metadata_keys.split(), clean_ids=config.clean_ids)
    write_nb(nb, file)

def main(words):
    "Refresh every notebook that a word names, each in a process of its own, then export; stops at the first that fails."
    files = [f for f in sorted((ROOT/'nbs').glob('*.ipynb')) if f.name[0] not in '_.' and (not words or any(w in f.stem for w in words))]
    if not files: sys.exit(f'no notebook in nbs matches {" ".join(words) or "*.ipynb"}')
    for file in files:
        print(file.name, flush=True)
        if subprocess.run([sys.executable, __file__, '--one', str(file)]).returncode: sys.exit(f'{file.name} failed; its file was not changed')
    from nbdev.doclinks import nbdev_export
    os.chdir(ROOT); nbdev_export()
    print(f'{len(files)} notebooks refreshed')

if __name__ == '__main__': refresh(Path(sys.argv[2])) if sys.argv[1:2] == ['--one'] else main(sys.argv[1:])
