"""What it costs to judge the base and the checkpoints of a run: ours (one resident base, adapters swapped, pictures in batches, features of the photos once), beside the usual way in the same call: for the base and for each
checkpoint load its converted pipeline from disk, paint prompt by prompt, compute the features of the photos and of the pictures, then FID and KID by torchmetrics.
Both paint the same prompts from the same noise with the same settings and look through the same network; that the pictures and the FID agree is checked. Ours does more in its time: intervals, gates, near-copies, product checks, and what is needed
to go on after a kill. A short training on drawn photos makes the run, its conversion to pipelines is not counted; quality does not matter. A second table times the metrics of many pictures whose features are at hand.
Run: python benchmarks/evaluation.py [--pictures 256] [--steps 12] [--checkpoints 6] [--photos 1024] [--metrics 1000] [--device cpu] [--out FILE.md]"""
import argparse, os, platform, shlex, statistics, sys, tempfile, time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import diffusers, numpy as np, torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from shoes_lora.catalogue import draw_catalogue
from shoes_lora.checkpoints import Run
from shoes_lora.convert import convert_run
from shoes_lora.dataset import hold_out, load_picture
from shoes_lora.demo import demo_config
from shoes_lora.distances import pca_basis
from shoes_lora.env_check import pick_device
from shoes_lora.evaluate import evaluate_run
from shoes_lora.features import Lite0
from shoes_lora.inference import load_base, read_sample, set_scheduler
from shoes_lora.metrics import kid_photo_scores, kid_scores
from shoes_lora.pipelines import pipelines_of_run
from shoes_lora.plan import EvalPlan, Evaluation, make_plan
from shoes_lora.scores import set_measures
from shoes_lora.train import train

PHASES = ('load', 'paint', 'features', 'metrics')

@dataclass
class Way:
    "One way of judging all candidates, and the seconds of its phases."
    title:str
    seconds:dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.))

    @property
    def whole(self) -> float: return sum(self.seconds.values())

    @contextmanager
    def during(self, phase:str):
        "Count what happens inside as `phase`."
        start = time.perf_counter()
        try: yield
        finally: self.seconds[phase] += time.perf_counter() - start

class Watched:
    "An extractor that knows when it was asked first, and how long it took in all."
    def __init__(self, extractor): self.inner, self.first, self.seconds = extractor, None, 0.
    def __getattr__(self, name): return getattr(self.inner, name)
    def features(self, pictures:list) -> np.ndarray: # (n, size) float32
        "Features of `pictures`."
        start = time.perf_counter(); self.first = self.first or start
        try: return self.inner.features(pictures)
        finally: self.seconds += time.perf_counter() - start

def trained_run(folder:Path, args) -> tuple:
    "A run with a checkpoint after each step and its merged pipelines, and the photos."
    photos = hold_out(draw_catalogue(args.photos, 64, 42, folder/'photos', progress=False))
    config = replace(demo_config(folder, args.checkpoints, 1), heldout_photos=0, device=args.device, train_batch_size=8, learning_rate=1e-3, num_validation_images=1, validation_inference_steps=1)
    run = train(config, progress=False); convert_run(run, progress=False); pipelines_of_run(run, 'merged', progress=False)
    return run, photos

def ours(run:Run, plan:EvalPlan, args) -> tuple[Way, float, dict]:
    "The evaluation as `shoes-lora evaluate` does it, its seconds with a second network, and the FD it found."
    way = Way('ours')
    with way.during('load'): pipe, eye = load_base('tiny', args.device), Watched(Lite0(args.device))
    start = time.perf_counter(); scores = evaluate_run(run, pipe, extractor=eye, plan=plan, confirmed=False, progress=False); whole = time.perf_counter() - start
    way.seconds |= dict(paint=eye.first - start, features=eye.seconds, metrics=whole - (eye.first - start) - eye.seconds)
    start = time.perf_counter(); evaluate_run(run, pipe, confirmed=False, progress=False)
    return way, time.perf_counter() - start, {c.name: c.metrics['FD'].value for c in scores.candidates}

class Same(torch.nn.Module):
    "Stands where torchmetrics wants a network: the features are given already."
    def __init__(self, columns): super().__init__(); self.num_features = columns
    def forward(self, x): return x

def library_metrics(real:np.ndarray, made:np.ndarray) -> float: # FID
    "FID and KID as torchmetrics computes them, the KID of its usual hundred subsets."
    fid, kid = FrechetInceptionDistance(feature=Same(real.shape[1])).set_dtype(torch.float64), KernelInceptionDistance(feature=Same(real.shape[1]), subsets=100, subset_size=min(1000, len(real), len(made)))
    for metric in (fid, kid): metric.update(torch.tensor(real, dtype=torch.float64), real=True); metric.update(torch.tensor(made, dtype=torch.float64), real=False)
    kid.compute(); return fid.compute().item()

def usual(run:Run, plan:EvalPlan, photos, folder:Path, args) -> tuple[Way, dict]:
    "One candidate after the other, each by itself, and the FID it found."
    way, fids = Way('usual'), {}
    with way.during('load'): eye = Lite0(args.device)
    sources = {'base': run.base_pipeline} | {run.checkpoint(s).name: run.pipeline(s) for s in run.steps(run.weights_dir)}
    for name, source in sources.items():
        with way.during('load'): pipe = StableDiffusionPipeline.from_pretrained(source, safety_checker=None).to(args.device); pipe.set_progress_bar_config(disable=True); set_scheduler(pipe, plan.scheduler, plan.timestep_spacing)
        (folder/name).mkdir(parents=True)
        with way.during('paint'):
            for p in plan.pictures():
                pipe(p.prompt, negative_prompt=plan.negative_prompt, num_inference_steps=plan.num_inference_steps, guidance_scale=plan.guidance_scale, height=plan.size, width=plan.size,
                     generator=torch.Generator().manual_seed(p.seed)).images[0].save(folder/name/p.file)
        with way.during('features'):
            real = eye.features([load_picture(p, plan.size) for p in photos.val])
            made = eye.features([Image.open(folder/name/p.file).convert('RGB') for p in plan.pictures()])
        with way.during('metrics'): fids[name] = library_metrics(real, made)
    return way, fids

def agreement(run:Run, plan:EvalPlan, folder:Path, fds:dict, fids:dict) -> str:
    "How alike the two ways' pictures and distances are; `RuntimeError` if they did not do the same."
    place, apart = Evaluation(run.evaluation_dir), []
    for name in fds:
        for p in plan.pictures(): apart.append(np.abs(np.asarray(read_sample(place.samples(name)/p.file).image, int) - np.asarray(Image.open(folder/name/p.file), int)).mean())
    off = max(abs(fds[n]/fids[n] - 1) for n in fds)
    if np.mean(apart) > 1 or off > .05: raise RuntimeError(f'the two ways did not do the same: pictures differ by {np.mean(apart):.2f} levels on average, the FD by {off:.1%}')
    return f'Pictures of the two ways differ by {np.mean(apart):.3f} levels of 255 on average, {max(apart):.2f} at most; their FD by {off:.2%} at most.'

def metrics_of(n:int, rounds:int) -> dict[str, list[float]]: # step -> seconds of each round
    "The metrics of `n` pictures whose features are at hand: skewed columns that decay, as those of Lite0 do, two pictures a prompt."
    rng = np.random.default_rng(0); scale = np.arange(1, Lite0.size + 1)**-.5
    real, other, made = (rng.gamma(.5, 1., (n, Lite0.size))*scale for _ in range(3)); made[:, :50] += .1; texts = [f'prompt {i//2}' for i in range(n)]; basis = pca_basis(other, min(64, n - 1))
    steps = {'KID, part of each picture': lambda: kid_scores(real, made), 'KID, influence of each photo': lambda: kid_photo_scores(real, made),
             'FD, FD-PCA64, MIND, precision, recall, density, coverage, Vendi, within-prompt distance, all with jackknife': lambda: set_measures(real, made, texts, basis)}
    return {what: [timed(f) for _ in range(rounds)] for what, f in steps.items()}

def timed(f:Callable) -> float: # seconds
    "How long `f` takes."
    start = time.perf_counter(); f(); return time.perf_counter() - start

def report(args, plan:EvalPlan, photos, ways:list[Way], second:float, same:str, metrics:dict, load:tuple) -> str:
    "The tables with all that is needed to read them and to make them again."
    name = torch.cuda.get_device_name() if args.device == 'cuda' else f'{platform.machine()} {args.device}, {torch.get_num_threads()} threads'
    candidates, last = args.checkpoints + 1, ways[-1]
    lines = [f'| {w.title} | {" | ".join(f"{w.seconds[p]:.1f}" for p in PHASES)} | {w.whole:.1f} | {plan.n*candidates/w.seconds["paint"]:.1f} | {plan.n*candidates/w.whole:.1f} | {last.whole/w.whole:.2f} |' for w in ways]
    rows = [f'| {what} | {statistics.median(s):.2f} ({min(s):.2f} to {max(s):.2f}) |' for what, s in metrics.items()]; whole = sum(statistics.median(s) for s in metrics.values())
    phases = ', '.join(f'{p} {ways[-1].seconds[p]/ways[0].seconds[p]:.1f}' for p in PHASES)
    return '\n'.join([f'{name}, torch {torch.__version__}, diffusers {diffusers.__version__}, {date.today()}: base tiny, {plan.size} pixels, {plan.num_inference_steps} denoising steps of {plan.scheduler}, guidance {plan.guidance_scale:g}, float32; '
        f'the base and {args.checkpoints} checkpoints, {plan.n} pictures each, {len(photos.val)} held-out photos of {args.photos}. Load of the machine {load[0]:.1f} at the start, {load[1]:.1f} at the end.',
        f'Command: `python benchmarks/evaluation.py {shlex.join(sys.argv[1:])}`', '',
        f'Seconds of all candidates together. {same} Ours also finds intervals, gates, near-copies and product checks in its metrics, the photos trained on among its features, and the checks of plan and photos before it paints; the usual way has FID and KID alone. '
        f'What `shoes-lora evaluate` adds by default, the same measures through a second network, took {second:.1f} s more.', '',
        '| way | load, s | paint, s | features, s | metrics, s | whole, s | pictures/s painted | pictures/s judged | times the usual |', '|---|--:|--:|--:|--:|--:|--:|--:|--:|', *lines, '', f'By phase, the usual way takes times ours: {phases}.', '',
        f'Metrics of {args.metrics} pictures against as many photos, {Lite0.size} features at hand; medians of {args.rounds} rounds, lowest and highest in brackets.', '', '| metrics | s |', '|---|--:|', *rows, f'| all together | {whole:.2f} |', ''])

def parse() -> argparse.Namespace:
    "The command line."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--pictures', type=int, default=256, help='of each candidate, at least 16'); p.add_argument('--steps', type=int, default=12, help='denoising steps'); p.add_argument('--checkpoints', type=int, default=6)
    p.add_argument('--photos', type=int, help='drawn photos, of which 15 %% are held out; four a picture when left out'); p.add_argument('--metrics', type=int, help='pictures in the second table; four a picture, at most 1,000, when left out'); p.add_argument('--rounds', type=int, default=3, help='of the second table')
    p.add_argument('--device'); p.add_argument('--out', type=Path, help='markdown file to write besides printing')
    return p.parse_args()

def main() -> None:
    "Measure, print the tables and write them."
    args = parse(); args.device = pick_device(args.device); args.photos, args.metrics = args.photos or 4*args.pictures, args.metrics or min(1000, 4*args.pictures)
    if args.pictures < 16: raise SystemExit('--pictures must be at least 16: with fewer no measures of the set are taken')
    diffusers.utils.logging.set_verbosity_error(); diffusers.utils.logging.disable_progress_bar(); load = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as d:
        run, photos = trained_run(Path(d), args)
        plan = make_plan(photos.val, args.pictures, size=64, num_inference_steps=args.steps, guidance_scale=4., recalled=0)   # the usual way has nothing like it
        mine, second, fds = ours(run, plan, args)
        other, fids = usual(run, plan, photos, Path(d)/'usual', args)
        same = agreement(run, plan, Path(d)/'usual', fds, fids)
    metrics = metrics_of(args.metrics, args.rounds); load.append(os.getloadavg()[0])
    text = report(args, plan, photos, [mine, other], second, same, metrics, load)
    print(text)
    if args.out: args.out.parent.mkdir(parents=True, exist_ok=True); args.out.write_text(text)

if __name__ == '__main__': main()
