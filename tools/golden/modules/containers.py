"""Containers and Identity. ModuleList and ModuleDict have no forward; how they print stands in layers_modules.py."""
import torch

from modulecase import FOLDER, Modules

NAME = 'modules/containers'
OUT = f'{FOLDER}/modules/containers.ts'


def make():
    m = Modules('containers')
    m.case(['Identity'], 'plain', [[2, 3]])
    m.case(['Identity', [54, 2], {}], 'arguments are ignored', [[2]])
    # Without a bias: before a batch norm its gradient is nothing but noise.
    layers = [['Linear', [3, 2], {'bias': False}], ['BatchNorm1d', [2], {}], ['Dropout', [0.5], {}], ['ReLU']]
    m.case(['Sequential', layers], 'training', [[4, 3]], seed=1)
    m.case(['Sequential', layers], 'evaluation', [[4, 3]], training=False)
    m.case(['Sequential', layers], 'as initialised', [[4, 3]], state='initial', seed=2)
    m.case(['Sequential', [['Sequential', layers], ['Linear', [2, 1], {}]]], 'nested, float64', [[3, 3]], seed=3, dtype=torch.float64)
    m.case(['Sequential', []], 'without layers', [[2]])
    m.error(['Sequential', layers], 'an error inside', [[4, 2]])
    m.error(['ModuleList', layers], 'no forward', [[4, 3]])
    m.error(['ModuleDict', {'a': ['ReLU']}], 'no forward', [[4, 3]])
    return m.typescript(NAME)
