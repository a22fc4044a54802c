"""Learning-rate schedules: the rate (and momentum) of each group before every step."""
import warnings

import torch

from build import snake

NAME = 'schedulers'
OUT = 'packages/trainer/test/fixtures/schedulers.json'
SEED = 'none'

STEPS = 50
METRICS = [5, 4, 4, 4.0001, 3, 3, 3, 3, 3, 3, 2.9999, 2.9999, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9]
LAMBDAS = {'0.95 ** epoch': lambda e: 0.95 ** e, '1 / (1 + epoch)': lambda e: 1 / (1 + e)}

# scheduler, options, optimizer options
CASES = [
    ('StepLR', {'stepSize': 7}, {}), ('StepLR', {'stepSize': 1, 'gamma': 0.9}, {}),
    ('MultiStepLR', {'milestones': [3, 10, 10, 40]}, {}), ('MultiStepLR', {'milestones': [30, 5], 'gamma': 0.5}, {}),
    ('ExponentialLR', {'gamma': 0.97}, {}),
    ('CosineAnnealingLR', {'tMax': 50}, {}), ('CosineAnnealingLR', {'tMax': 12, 'etaMin': 0.001}, {}),
    ('CosineAnnealingLR', {'tMax': 1}, {}),
    ('CosineAnnealingWarmRestarts', {'t0': 10}, {}), ('CosineAnnealingWarmRestarts', {'t0': 3, 'tMult': 2, 'etaMin': 0.01}, {}),
    ('LinearLR', {}, {}), ('LinearLR', {'startFactor': 0.1, 'endFactor': 0.9, 'totalIters': 20}, {}),
    ('OneCycleLR', {'maxLr': 0.5, 'totalSteps': 51}, {'momentum': 0.9}),
    ('OneCycleLR', {'maxLr': [0.5, 0.05], 'epochs': 3, 'stepsPerEpoch': 20, 'annealStrategy': 'linear'}, {'momentum': 0.9}),
    ('OneCycleLR', {'maxLr': 1, 'totalSteps': 60, 'threePhase': True, 'pctStart': 0.4, 'divFactor': 10, 'finalDivFactor': 100,
                    'baseMomentum': 0.8, 'maxMomentum': 0.9}, {'momentum': 0.9}),
    ('OneCycleLR', {'maxLr': 1, 'totalSteps': 55, 'cycleMomentum': False}, {}),
    ('LambdaLR', {'lrLambda': '0.95 ** epoch'}, {}), ('LambdaLR', {'lrLambda': ['0.95 ** epoch', '1 / (1 + epoch)']}, {}),
    ('ReduceLROnPlateau', {}, {}), ('ReduceLROnPlateau', {'patience': 2, 'factor': 0.5, 'cooldown': 2}, {}),
    ('ReduceLROnPlateau', {'mode': 'max', 'patience': 1, 'thresholdMode': 'abs', 'threshold': 0.01, 'minLr': [0.01, 0.001]}, {}),
]
RENAMED = {'t_max': 'T_max', 't_0': 'T_0', 't0': 'T_0', 't_mult': 'T_mult'}


def value(v):
    if isinstance(v, str) and v in LAMBDAS:
        return LAMBDAS[v]
    return [value(x) for x in v] if isinstance(v, list) else v


def case(kind, given, extra):
    a, b = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([{'params': [a]}, {'params': [b], 'lr': 0.03}], lr=0.1, **extra)
    options = {RENAMED.get(snake(k), snake(k)): value(v) for k, v in given.items()}
    scheduler = getattr(torch.optim.lr_scheduler, kind)(optimizer, **options)
    lrs, momenta = [], []
    plateau = kind == 'ReduceLROnPlateau'
    for i in range(len(METRICS) if plateau else STEPS):
        lrs.append([g['lr'] for g in optimizer.param_groups])
        momenta.append(optimizer.param_groups[0]['momentum'])
        optimizer.step()
        scheduler.step(*([METRICS[i]] if plateau else []))
    made = {'scheduler': kind, 'options': given, 'optimizer': extra, 'lrs': lrs}
    return {**made, 'momenta': momenta} if 'momentum' in extra else made


def make():
    warnings.simplefilter('ignore')
    return {'metrics': METRICS, 'cases': [case(*c) for c in CASES]}
