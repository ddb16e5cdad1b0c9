/** A version by its first three numbers. */
export type Version = readonly [major: number, minor: number, patch: number];

const newest = Number.POSITIVE_INFINITY;

/** True for an image of Traefik's own name, in whichever registry. */
export function isTraefik(image: string): boolean {
  return /(^|\/)traefik(:|@|$)/.test(image);
}

/**
 * Version of a Traefik image by its tag. A tag that names fewer numbers stands for the newest of what it names, and one
 * without any, or none at all, for the newest of all.
 */
export function traefikVersion(image: string): Version {
  const [tagged = ""] = image.split("@");
  const [, major = newest, minor = newest, patch = newest] =
    /:v?(\d+)(?:\.(\d+))?(?:\.(\d+))?[^/:]*$/.exec(tagged) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}
