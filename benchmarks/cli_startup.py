"""How long `shoes-lora --help` takes, beside an empty Python: the two are run in turn, so that what else the machine does hits both alike.
Run: python benchmarks/cli_startup.py [repeats]"""
import platform, statistics, subprocess, sys, time

HELP = 'import sys; from shoes_lora.cli import main; sys.exit(main(["--help"]))'
LINES = {'python -c pass': 'pass', 'shoes-lora --help': HELP, 'import torch': 'import torch'}

def seconds(code):
    "Wall time of one fresh process."
    start = time.perf_counter()
    subprocess.run([sys.executable, '-c', code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start

def main(repeats=20):
    "Print median, fastest and slowest of each line, and the ratio of the medians."
    times = {name: [] for name in LINES}
    for i in range(repeats + 1):
        for name, code in LINES.items():
            t = seconds(code)
            if i: times[name].append(t)      # the first round fills the disk cache
    median = {name: statistics.median(ts) for name, ts in times.items()}
    print(f'{platform.machine()}, Python {platform.python_version()}, {repeats} runs each, seconds')
    for name, ts in times.items(): print(f'{name:20} median {median[name]:.3f}   fastest {min(ts):.3f}   slowest {max(ts):.3f}')
    print(f'help / empty Python: {median["shoes-lora --help"]/median["python -c pass"]:.1f}')

if __name__ == '__main__': main(*map(int, sys.argv[1:2]))
