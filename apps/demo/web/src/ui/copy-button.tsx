import { useRef, useState } from 'preact/hooks';

/** Copies without the clipboard's interface, which insecure pages and some browsers lack. Returns whether it worked. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  area.setAttribute('aria-hidden', 'true');
  document.body.append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
  }
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** A button that copies a text, and says whether it did. */
export function CopyButton({ text, children }: { text: () => string; children: string }) {
  const [said, setSaid] = useState('');
  const button = useRef<HTMLButtonElement>(null);
  const press = async (): Promise<void> => {
    const worked = await copy(text());
    button.current?.focus();
    setSaid(worked ? 'Copied.' : 'This browser does not let the page copy; select the text and copy it.');
    setTimeout(() => setSaid(''), 4000);
  };
  return (
    <>
      <button type="button" ref={button} onClick={() => void press()}>
        {children}
      </button>
      <span role="status" class="copied">
        {said}
      </span>
    </>
  );
}
