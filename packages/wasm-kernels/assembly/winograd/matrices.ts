/**
 * Winograd's F(4x4, 3x3): 4x4 outputs of a 3x3 window from 36 products instead of 144,
 * Y = A^T [(G g G^T) * (B^T d B)] A, with d the 6x6 inputs and g the 3x3 weights.
 *
 * The interpolation points are 0, ±√½, ±√2 and infinity: their powers stay near 1, so that rounding is amplified less than
 * with the usual 0, ±1, ±2. With f(x) = x (x² - ½)(x² - 2):
 *
 * - B^T has for each point p the coefficients of f(x) / (x - p), and f itself for infinity;
 * - G has [1, p, p²] / f'(p), and [0, 0, 1];
 * - A^T has the powers p^0 .. p^3 of all points, and [0, 0, 0, 1].
 *
 * Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015); Barabasz et al., Error Analysis and Improving
 * the Accuracy of Winograd Convolution (2020).
 */
export const ROOT_HALF: f32 = 0.70710678118654752;
export const ROOT_TWO: f32 = 1.41421356237309505;
/** √2 cubed, and √½ cubed. */
export const CUBE_TWO: f32 = 2.82842712474619010;
export const CUBE_HALF: f32 = 0.35355339059327376;

/** Products of one tile. */
export const PRODUCTS: i32 = 36;
/** Outputs along an axis of a tile, and inputs. */
export const TILE: i32 = 4;
export const PATCH: i32 = 6;
