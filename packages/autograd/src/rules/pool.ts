import { avgPoolGradOp, avgPoolOp, dispatch, maxPoolGatherOp, maxPoolGradOp, resampleOp } from '@konv/core-tensor';
import { B, NOTHING, type RuleTable } from '../rule.js';

type PoolRules = Pick<RuleTable, 'maxPool' | 'maxPoolGrad' | 'maxPoolGather' | 'avgPool' | 'avgPoolGrad' | 'resample'>;

/*
 * With the winners' positions fixed, max pooling only moves values: `maxPoolGather` reads x at the positions, its
 * adjoint `maxPoolGrad` adds to them; each is the other's gradient. Average pooling and resampling are linear: the
 * gradient is the adjoint map, whose gradient is the map again.
 */
export const poolRules: PoolRules = {
  maxPool: {
    name: 'MaxPool2DWithIndicesBackward0',
    savesOutputs: [B],
    each: [(c, dy) => dispatch(maxPoolGradOp, [dy, c.output(1)], c.attrs)],
  },
  maxPoolGrad: {
    name: 'MaxPool2DWithIndicesBackwardBackward0',
    saves: [B, NOTHING],
    each: [(c, dx) => dispatch(maxPoolGatherOp, [dx, c.input(1)], c.attrs)],
  },
  maxPoolGather: {
    name: 'GatherBackward0',
    saves: [B, NOTHING],
    each: [(c, dy) => dispatch(maxPoolGradOp, [dy, c.input(1)], c.attrs)],
  },
  avgPool: { name: 'AvgPool2DBackward0', saves: [NOTHING], each: [(c, dy) => dispatch(avgPoolGradOp, [dy], c.attrs)] },
  avgPoolGrad: {
    name: 'AvgPool2DBackwardBackward0',
    saves: [NOTHING],
    each: [(c, dx) => dispatch(avgPoolOp, [dx], c.attrs)],
  },
  resample: {
    name: (node) => ((node.attrs as { kind: string }).kind === 'nearest' ? 'UpsampleNearest2DBackward0' : 'UpsampleBilinear2DBackward0'),
    each: [(c, dy) => dispatch(resampleOp, [dy], { ...c.attrs, adjoint: !c.attrs.adjoint })],
  },
};
