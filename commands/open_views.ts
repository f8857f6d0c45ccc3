/**
 * Views are made once and show one value after another, so each of them still knows the last one it showed, and
 * through it the arena of a whole database. When a database is emptied, its arena must go: all views are closed then.
 */

/** Something that holds on to what it showed last. */
interface Closable {
  /** Lets go of it. */
  close(): void;
}

const views: Closable[] = [];

/** Registers a view that lives as long as the process. Returns it. */
export function closedOnFlush<T extends Closable>(view: T): T {
  views.push(view);
  return view;
}

/** Lets all views go of what they showed: no command is in the middle of using one. */
export function closeViews(): void {
  for (const view of views) view.close();
}
