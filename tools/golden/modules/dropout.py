"""Dropouts: the seed is set before the forward, so that the masks are PyTorch's."""
import torch

from modulecase import FOLDER, Modules

NAME = 'modules/dropout'
OUT = f'{FOLDER}/modules/dropout.ts'


def make():
    m = Modules('dropout')
    m.case(['Dropout', [], {}], 'half', [[3, 5]], seed=1)
    m.case(['Dropout', [0.3], {}], 'four axes', [[2, 2, 2, 3]], seed=2)
    m.case(['Dropout', [0.3], {}], 'twice', [[2, 5]], seed=3, repeat=2)
    m.case(['Dropout', [0.25], {}], 'float64', [[2, 5]], seed=4, dtype=torch.float64)
    m.case(['Dropout', [0.0], {}], 'nothing is dropped', [[2, 3]], seed=5)
    m.case(['Dropout', [1.0], {}], 'all is dropped', [[2, 3]], seed=6)
    m.case(['Dropout', [0.5], {}], 'evaluation', [[2, 3]], training=False, seed=7)
    m.case(['Dropout', [0.5], {}], 'no elements', [[0, 3]], seed=8)
    m.case(['Dropout', [0.5], {}], 'a scalar', [[]], seed=9)
    for rank, name in ((1, 'Dropout1d'), (2, 'Dropout2d'), (3, 'Dropout3d')):
        spatial = [2, 1, 2][:rank]
        m.case([name, [0.4], {}], 'samples and channels', [[3, 4] + spatial], seed=10)
        m.case([name, [], {}], 'one axis less', [[4, 3] + spatial[1:]], seed=11)
        m.case([name, [0.4], {}], 'evaluation', [[2, 2] + spatial], training=False, seed=12)
        m.case([name, [0.7], {}], 'float64', [[2, 4] + spatial], seed=13, dtype=torch.float64)
        m.error([name, [1.5], {}], 'p above 1')
    m.error(['Dropout1d', [0.5], {}], 'four axes', [[2, 2, 2, 2]])
    m.case(['AlphaDropout', [0.3], {}], 'plain', [[3, 5]], seed=14)
    m.case(['AlphaDropout', [], {}], 'float64', [[2, 5]], seed=15, dtype=torch.float64)
    m.case(['AlphaDropout', [0.3], {}], 'evaluation', [[2, 3]], training=False, seed=16)
    m.case(['AlphaDropout', [1.0], {}], 'all is dropped', [[2, 3]], seed=17)
    m.error(['Dropout', [-0.1], {}], 'p below 0')
    m.error(['AlphaDropout', [1.1], {}], 'p above 1')
    return m.typescript(NAME)
