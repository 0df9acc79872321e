"""What it costs to make and prove pipelines of a run's checkpoints: ours, with the LoRA beside the base and merged, beside what diffusers' documentation does once for each checkpoint
(load the base, load the LoRA, fuse it, save the pipeline), which shares nothing and proves nothing. A short training on drawn photos makes the run; its loss does not matter.
Seconds of ours are those of one checkpoint on the resident base; loading the base, which is once for a run, and converting the LoRA files are given by themselves. Bytes are those of all checkpoints together.
Run: python benchmarks/conversion.py [--base tiny|sd15-random|FOLDER] [--checkpoints 6] [--resolution 64] [--device cpu] [--dtype float32] [--out FILE.md]"""
import argparse, platform, shlex, shutil, statistics, sys, tempfile, time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import diffusers, torch
from diffusers import StableDiffusionPipeline

from shoes_lora.catalogue import draw_photo, sample_product
from shoes_lora.checkpoints import WEIGHTS, Run
from shoes_lora.config import TrainConfig
from shoes_lora.convert import convert_run
from shoes_lora.dataset import write_split
from shoes_lora.env_check import pick_device, pick_dtype
from shoes_lora.inference import write_random_base
from shoes_lora.pipelines import disk_usage, pipelines_of_run
from shoes_lora.train import train

@dataclass
class Row:
    "One way of making pipelines and what was measured of it."
    title:str
    seconds:list[float] # of each checkpoint
    bytes:int           # of all checkpoints together, base included

def trained_run(folder:Path, base:str, args) -> Run:
    "A run with a checkpoint after each step."
    products = [sample_product(i) for i in range(6)]
    records = [dict(image_id=str(i), image_file=f'{i}.png', caption=p.caption(), metadata=p.metadata()) for i, p in enumerate(products)]
    write_split(folder/'photos', 'train', [draw_photo(p, args.resolution) for p in products], records)
    config = TrainConfig(data=str(folder/'photos'), output=str(folder/'run'), base=base, resolution=args.resolution, train_batch_size=1, gradient_accumulation_steps=1, learning_rate=1e-3, lr_warmup_steps=0,
                         max_train_steps=args.checkpoints, checkpointing_steps=1, validation_prompts=['a product photo of red shoes'], num_validation_images=1, validation_inference_steps=args.steps,
                         device=args.device, dtype=args.dtype, cache_dir=str(folder/'cache'))
    return train(config)

def ours(run:Run, form:str, title:str) -> tuple[Row, float]:
    "Our pipelines of `run` in `form`, and the seconds that are not those of a checkpoint: the base, written and loaded."
    start = time.perf_counter(); made = pipelines_of_run(run, form); whole = time.perf_counter() - start
    seconds = [p.seconds for p in made]
    return Row(title, seconds, disk_usage([run.pipelines_dir])[0]), whole - sum(seconds)

def usual(run:Run, folder:Path) -> Row:
    "Six independent pipelines, from the same base in the same precision as ours."
    seconds = []
    for step in run.steps(run.weights_dir):
        start = time.perf_counter()
        pipe = StableDiffusionPipeline.from_pretrained(run.base_pipeline)
        pipe.load_lora_weights(run.weights(step), weight_name=WEIGHTS); pipe.fuse_lora(); pipe.unload_lora_weights()
        pipe.save_pretrained(folder/f'{step}'); seconds.append(time.perf_counter() - start)
    return Row('load, fuse and save, by diffusers', seconds, disk_usage([folder])[0])

def report(args, run:Run, rows:list[Row], once:dict[str, float]) -> str:
    "The table with all that is needed to read it and to make it again."
    name = torch.cuda.get_device_name() if args.device == 'cuda' else f'{platform.machine()} {args.device}, {torch.get_num_threads()} threads'
    last, lines = statistics.median(rows[-1].seconds), []
    for r in rows:
        s = statistics.median(r.seconds)
        lines.append(f'| {r.title} | {s:.1f} ({min(r.seconds):.1f} to {max(r.seconds):.1f}) | {s/last:.2f} | {r.bytes/1e9:.2f} | {r.bytes/rows[-1].bytes:.2f} |')
    return '\n'.join([f'{name}, torch {torch.__version__}, diffusers {diffusers.__version__}, {date.today()}: base {Path(args.base).name}, {args.dtype}, {args.checkpoints} checkpoints, '
        f'proven by one picture of {args.resolution} pixels and {args.steps} denoising steps. ' + ', '.join(f'{k} {v:.1f} s' for k, v in once.items()) + '.',
        f'Command: `python benchmarks/conversion.py {shlex.join(sys.argv[1:])}`', '',
        'Seconds of a checkpoint are medians, lowest and highest in brackets. Ours are proven in that time, the last row is not. Bytes are real ones, of all checkpoints with the base.', '',
        '| pipelines | s a checkpoint | of diffusers\' | GB in all | of diffusers\' |', '|---|--:|--:|--:|--:|', *lines, ''])

def parse() -> argparse.Namespace:
    "The command line."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--base', default='tiny', help="'tiny', 'sd15-random' (written to a temporary folder, 4.3 GB), or a folder"); p.add_argument('--checkpoints', type=int, default=6)
    p.add_argument('--resolution', type=int, default=64); p.add_argument('--steps', type=int, default=1, help='denoising steps of the picture that proves')
    p.add_argument('--device'); p.add_argument('--dtype', choices=('float32', 'bfloat16')); p.add_argument('--temporary', type=Path, help='where the folders are made; SD 1.5 takes some 40 GB there')
    p.add_argument('--out', type=Path, help='markdown file to write besides printing')
    return p.parse_args()

def main() -> None:
    "Measure, print the table and write it."
    args = parse(); args.device = pick_device(args.device); args.dtype = str(pick_dtype(args.device, args.dtype)).removeprefix('torch.')
    diffusers.utils.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory(dir=args.temporary) as d:
        base = str(write_random_base(Path(d)/'base')) if args.base == 'sd15-random' else args.base
        run, once = trained_run(Path(d), base, args), {}
        start = time.perf_counter(); convert_run(run); once['LoRA files converted in'] = time.perf_counter() - start
        rows = []
        beside, once['base written and loaded in'] = ours(run, 'adapter', 'LoRA beside the base'); rows.append(beside)
        shutil.rmtree(run.final_pipeline)
        for step in run.steps(run.weights_dir): shutil.rmtree(run.pipeline(step))
        merged, once['loaded again in'] = ours(run, 'merged', 'merged'); rows.append(merged)
        for step in run.steps(run.weights_dir): shutil.rmtree(run.pipeline(step))
        shutil.rmtree(run.final_pipeline)
        rows.append(usual(run, Path(d)/'usual'))
        text = report(args, run, rows, once)
    print(text)
    if args.out: args.out.parent.mkdir(parents=True, exist_ok=True); args.out.write_text(text)

if __name__ == '__main__': main()
