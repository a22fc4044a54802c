import { Kept } from './home/kept.js';
import { Program } from './home/program.js';
import { Weights } from './home/weights.js';
import { WeightsIn } from './home/weights-in.js';
import './take-home.css';

/** What a visitor can carry away, and bring back. */
export function TakeHome() {
  return (
    <>
      <div class="columns">
        <Weights />
        <WeightsIn />
        <Kept />
      </div>
      <Program />
    </>
  );
}
