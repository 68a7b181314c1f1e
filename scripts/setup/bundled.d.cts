/** The message of the error that an import throws inside a bundle. */
export const BUNDLED: string
