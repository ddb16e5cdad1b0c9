import { randomUUID } from "node:crypto";

/** A thing of the mock cloud, as its service's API shows it. */
export type Thing = Readonly<Record<string, unknown>> & { readonly id: string };

/** What a request asks for, without the part of the path that names the service. */
export interface Call {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const notFound: Answer = { status: 404, body: { itemNotFound: { code: 404, message: "not found" } } };
export const gone: Answer = { status: 204 };

/** Things of one kind by their id, in the order of their creation. */
export class Things {
  private readonly all = new Map<string, Thing>();

  add(thing: Readonly<Record<string, unknown>>): Thing {
    const made = { id: randomUUID(), ...thing };
    this.all.set(made.id, made);
    return made;
  }

  get(id: string): Thing | undefined {
    return this.all.get(id);
  }

  /** Those whose values are the wanted ones, as text. */
  where(wanted: Readonly<Record<string, string>>): Thing[] {
    const pairs = Object.entries(wanted);
    return [...this.all.values()].filter((thing) => pairs.every(([key, value]) => String(thing[key]) === value));
  }

  change(id: string, values: Readonly<Record<string, unknown>>): Thing | undefined {
    const thing = this.all.get(id);
    if (thing === undefined) return undefined;
    const changed = { ...thing, ...values, id };
    this.all.set(id, changed);
    return changed;
  }

  remove(id: string): boolean {
    return this.all.delete(id);
  }
}
