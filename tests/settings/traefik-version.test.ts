import { expect } from "chai";
import { isTraefik, traefikVersion } from "../../settings/traefik-version";

const newest = Number.POSITIVE_INFINITY;

describe("traefikVersion", () => {
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ["traefik:v3.6.12", [3, 6, 12]],
    ["traefik:2.11.31", [2, 11, 31]],
    ["traefik:v2.9", [2, 9, newest]],
    ["traefik:v2", [2, newest, newest]],
    ["traefik:v3.6.0-rc.1", [3, 6, 0]],
    ["traefik:3.1-nanoserver", [3, 1, newest]],
    ["traefik:v2.9.10.1", [2, 9, 10]],
    ["registry.example:5000/mirror/traefik:v2.9@sha256:3333", [2, 9, newest]],
    ...["traefik", "traefik:latest", "registry.example:5000/traefik", "registry.example:5000/traefik@sha256:2222"].map(
      (image) => [image, [newest, newest, newest]] as const,
    ),
  ];
  for (const [image, version] of rows)
    it(`of ${image} is ${version.join(".")}`, () => {
      expect(traefikVersion(image)).to.deep.equal(version);
    });
});

describe("isTraefik", () => {
  for (const image of ["traefik", "traefik:v2.9", "r.example:5000/m/traefik@sha256:00"])
    it(`takes ${image}`, () => {
      expect(isTraefik(image)).to.equal(true);
    });
  for (const image of ["traefik/whoami:v1.10", "r.example/not-traefik:v2.9", "traefik-x:v2"])
    it(`leaves ${image} out`, () => {
      expect(isTraefik(image)).to.equal(false);
    });
});
