import {
  hardsigmoid,
  hardswish,
  logsigmoid,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softsign,
  tanh,
  tanhshrink,
  type Tensor,
} from '@konv/core-tensor';
import { KEEPS_NOTHING } from '../module/keeps-nothing.js';
import { FixedActivation } from './arguments.js';

/** y = max(x, 0); its derivative at 0 is 0. Any shape. Source: torch.nn.ReLU. */
export class ReLU extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** y = min(max(x, 0), 6); its derivative at 0 and at 6 is 0. Any shape. Source: torch.nn.ReLU6. */
export class ReLU6 extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** y = 1 / (1 + exp(-x)). Any shape. Source: torch.nn.Sigmoid. */
export class Sigmoid extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** y = tanh(x). Any shape. Source: torch.nn.Tanh. */
export class Tanh extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** y = x / (1 + exp(-x)), also called swish. Any shape. Source: torch.nn.SiLU. */
export class SiLU extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** y = x tanh(ln(1 + exp(x))). Any shape. Source: torch.nn.Mish. */
export class Mish extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** y = scale (x > 0 ? x : alpha (exp(x) - 1)) with scale = 1.0507... and alpha = 1.6732.... Any shape. Source: torch.nn.SELU. */
export class SELU extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/** y = min(max(x + 3, 0), 6) / 6; its derivative at -3 and at 3 is 0. Any shape. Source: torch.nn.Hardsigmoid. */
export class Hardsigmoid extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** y = x min(max(x + 3, 0), 6) / 6; its derivative is -1/2 at -3 and 3/2 at 3. Any shape. Source: torch.nn.Hardswish. */
export class Hardswish extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/** y = ln(1 / (1 + exp(-x))), without overflow at either end. Any shape. Source: torch.nn.LogSigmoid. */
export class LogSigmoid extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return logsigmoid(x);
  }
}

/** y = x / (1 + |x|). Any shape. Source: torch.nn.Softsign. */
export class Softsign extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** y = x - tanh(x). Any shape. Source: torch.nn.Tanhshrink. */
export class Tanhshrink extends FixedActivation {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return tanhshrink(x);
  }
}
