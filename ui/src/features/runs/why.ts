/** In words why not; undefined where it may be done. */
export const whyNot = (may: true | string | undefined) => (may === true || may === undefined ? undefined : `${may.charAt(0).toUpperCase()}${may.slice(1).replace(/\.$/, '')}.`);
