/**
 * Items that a thread takes at a time, so that each turn is about `work` elements: below that, waking a second thread costs
 * more than it brings (a parked one some 50 microseconds).
 */
export function grainOf(elementsPerItem: number, work = 32768): number {
  return Math.max(1, Math.ceil(work / elementsPerItem));
}
