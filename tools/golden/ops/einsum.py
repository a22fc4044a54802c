"""einsum and the products of fixed rank."""
import torch

from opcase import FOLDER, Suite, f32, inf, ints

NAME = 'ops/einsum'
OUT = f'{FOLDER}/einsum.ts'


def make():
    s = Suite('einsum')
    for name, equation, inputs in (
        ('matrix product', 'ij,jk->ik', [[2, 3], [3, 4]]),
        ('matrix product, implicit', 'ij,jk', [[2, 3], [3, 2]]),
        ('product with a transpose', 'ij,kj->ki', [[2, 3], [4, 3]]),
        ('both transposed', 'ji,kj->ik', [[3, 2], [4, 3]]),
        ('transpose', 'ij->ji', [[2, 3]]),
        ('transpose, implicit', 'ba', [[2, 3]]),
        ('capitals sort first', 'aB', [[2, 3]]),
        ('sum', 'ij->', [[2, 3]]),
        ('sum of rows', 'ij->i', [[2, 3]]),
        ('diagonal', 'ii->i', [[3, 3]]),
        ('trace', 'ii', [[3, 3]]),
        ('batched diagonal', 'bii->bi', [[2, 3, 3]]),
        ('a letter three times', 'iii->i', [[2, 2, 2]]),
        ('two diagonals', 'iijj->ij', [[2, 2, 3, 3]]),
        ('dot', 'i,i->', [[4], [4]]),
        ('outer', 'i,j->ij', [[2], [3]]),
        ('elementwise', 'ij,ij->ij', [[2, 3], [2, 3]]),
        ('elementwise, summed', 'ij,ij->i', [[2, 3], [2, 3]]),
        ('batched', 'bij,bjk->bik', [[2, 2, 3], [2, 3, 2]]),
        ('batch in the middle', 'ibj,kbj->ikb', [[2, 2, 3], [3, 2, 3]]),
        ('bilinear', 'bi,oij,bj->bo', [[2, 2], [3, 2, 2], [2, 2]]),
        ('chain of three', 'ij,jk,kl->il', [[2, 3], [3, 2], [2, 2]]),
        ('a letter in all three', 'bi,bi,bi->b', [[2, 3], [2, 3], [2, 3]]),
        ('summed out on one side', 'ij,kl->ik', [[2, 3], [2, 2]]),
        ('diagonal in a product', 'ii,ij->j', [[3, 3], [3, 2]]),
        ('ellipsis', '...ij,...jk->...ik', [[2, 2, 3], [2, 3, 2]]),
        ('ellipsis, broadcast', '...ij,jk', [[2, 1, 2, 3], [3, 2]]),
        ('ellipses of two ranks', 'i...,...->...i', [[2, 3, 2], [2]]),
        ('ellipsis, summed over', '...i->i', [[2, 2, 3]]),
        ('ellipsis moved', 'i...->...i', [[2, 3, 2]]),
        ('ellipsis only', '...', [[2, 3]]),
        ('ellipsis of nothing in the output', 'i->...i', [[3]]),
        ('size 1 stretches', 'ij,jk->ik', [[2, 1], [3, 2]]),
        ('size 1 stretches in the output', 'ij,ij->ij', [[2, 1], [1, 3]]),
        ('size 1 everywhere', 'ij,ij->ij', [[1, 2], [1, 2]]),
        ('a scalar', ',i->i', [[], [3]]),
        ('scalars', ',', [[], []]),
        ('spaces', ' i j , j k -> i k ', [[2, 3], [3, 2]]),
        ('attention', 'bqhd,bkhd->bhqk', [[1, 2, 2, 3], [1, 3, 2, 3]]),
        ('nothing', 'ij,jk->ik', [torch.zeros(0, 3), [3, 2]]),
        ('over nothing', 'ij,jk->ik', [torch.zeros(2, 0), torch.zeros(0, 2)]),
    ):
        s.case('einsum', name, inputs, {'equation': equation})
    s.case('einsum', 'float64', [[2, 3], [3, 2]], {'equation': 'ij,jk->ik'}, dtype=torch.float64)
    s.case('einsum', 'int32', [ints([2, 3], -9, 9), ints([3, 2], -9, 9)], {'equation': 'ij,jk->ik'})
    s.case('einsum', 'int32, elementwise', [ints([3], -9, 9), ints([3], -9, 9)], {'equation': 'i,i->i'})
    s.case('einsum', 'inf', [f32(inf, 1., 2., 3., shape=[2, 2]), f32(1., 2., 3., 4., shape=[2, 2])], {'equation': 'ij,jk->ik'}, grad=False)
    for name, equation, inputs in (
        ('too few operands', 'ij,jk->ik', [[2, 3]]), ('too many operands', 'ij->i', [[2, 3], [3]]),
        ('too few subscripts', 'i->i', [[2, 3]]), ('too many subscripts', 'ijk->i', [[2, 3]]),
        ('too many beside an ellipsis', 'ij...k->i', [[2, 3]]), ('sizes differ', 'ij,jk->ik', [[2, 3], [4, 2]]),
        ('sizes of a diagonal differ', 'ii->i', [[2, 3]]), ('a diagonal with size 1', 'ii->i', [[1, 3]]),
        ('unknown output', 'ij->ik', [[2, 3]]), ('output twice', 'ij->ii', [[2, 3]]),
        ('a digit', 'i1->i', [[2, 3]]), ('a digit in the output', 'ij->i1', [[2, 3]]), ('two dots', 'i..j', [[2, 3]]),
        ('two ellipses', '...i...', [[2, 3]]), ('two ellipses in the output', 'i...->...i...', [[2, 3]]),
        ('half an arrow', 'ij-ji', [[2, 3]]), ('ellipses that do not fit', '...i,...i->...', [[2, 3], [4, 3]]),
    ):
        s.error('einsum', name, inputs, {'equation': equation})

    s.case('bmm', '[2,2,3] [2,3,4]', [[2, 2, 3], [2, 3, 4]])
    s.case('bmm', 'no batch', [torch.zeros(0, 2, 3), torch.zeros(0, 3, 2)])
    s.case('bmm', 'float64', [[2, 2, 3], [2, 3, 1]], dtype=torch.float64)
    s.error('bmm', 'batches differ', [[1, 2, 3], [2, 3, 4]])
    s.error('bmm', 'inner sizes differ', [[2, 2, 3], [2, 2, 4]])
    s.error('bmm', 'matrices', [[2, 3], [3, 4]])
    s.case('mm', '[2,3] [3,4]', [[2, 3], [3, 4]])
    s.error('mm', 'inner sizes differ', [[2, 3], [2, 3]])
    s.error('mm', 'a vector', [[2, 3], [3]])
    s.case('mv', '[2,3] [3]', [[2, 3], [3]])
    s.error('mv', 'sizes differ', [[2, 3], [2]])
    s.error('mv', 'a matrix', [[2, 3], [3, 1]])
    s.case('dot', '5', [[5], [5]])
    s.case('dot', 'int32', [ints([4], -9, 9), ints([4], -9, 9)])
    s.case('dot', 'nothing', [torch.zeros(0), torch.zeros(0)])
    s.error('dot', 'lengths differ', [[2], [3]])
    s.error('dot', 'a matrix', [[2, 2], [2]])
    s.case('outer', '2 and 3', [[2], [3]])
    s.case('outer', 'int32', [ints([2], -9, 9), ints([2], -9, 9)])
    s.error('outer', 'a matrix', [[2, 2], [2]])
    return s.typescript(NAME)
