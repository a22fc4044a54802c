"""Linear, Flatten and a small network of several layers."""
import torch

from modulecase import FOLDER, Modules

NAME = 'modules/linear'
OUT = f'{FOLDER}/modules/linear.ts'


def make():
    m = Modules('linear')
    m.case(['Linear', [4, 3], {}], 'rows', [[5, 4]])
    m.case(['Linear', [4, 3], {'bias': False}], 'one row, no bias', [[4]])
    m.case(['Linear', [4, 3], {}], 'three axes, float64', [[2, 2, 4]], dtype=torch.float64)
    m.case(['Linear', [3, 2], {}], 'no rows', [[0, 3]])
    m.case(['Linear', [3, 2], {}], 'as initialised', [[2, 3]], state='initial', seed=5)
    m.error(['Linear', [4, 3], {}], 'other features', [[5, 3]])
    m.case(['Flatten'], 'from 1', [[2, 3, 2]])
    m.case(['Flatten', [0, 1], {}], 'the first two', [[2, 3, 2]])
    m.error(['Flatten', [3], {}], 'axis out of range', [[2, 3, 2]])
    m.case(['Sequential', [['Conv2d', [1, 2, 3], {}], ['ReLU'], ['MaxPool2d', [2]], ['Flatten'], ['Linear', [8, 2], {}]]],
           'conv, pool and linear', [[2, 1, 6, 6]])
    m.error(['Sequential', [['Linear', [2, 3], {}], ['Linear', [4, 1], {}]]], 'layers that do not fit', [[1, 2]])
    return m.typescript(NAME)
