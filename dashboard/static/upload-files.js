// @ts-check
// The chosen or dropped files, with the files in folders, and the files that an interrupted upload still lacks.

/** @typedef {{file: any, name: string}} Chosen */

/** @param {any} entry @param {string} path @returns {Promise<Chosen[]>} */
async function filesOf(entry, path) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: path + file.name }];
  }
  const reader = entry.createReader();
  const all = [];
  // readEntries returns a hundred entries at a time, and an empty list at the end.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    for (const one of some) all.push(...(await filesOf(one, `${path}${entry.name}/`)));
  }
}

/** @param {DataTransfer} transfer */
export async function dropped(transfer) {
  // The browser empties the list at the end of this turn: take the entries first.
  const roots = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const all = [];
  for (const root of roots) all.push(...(await filesOf(root, "")));
  return all.filter(visible);
}

/** @param {FileList | File[]} files */
export const picked = (files) =>
  [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name })).filter(visible);

const visible = (/** @type {Chosen} */ { name }) =>
  !name.split("/").some((part) => part.startsWith(".") || part === "Thumbs.db");

/**
 * The files that an interrupted upload still lacks: all but the sent files, by name and size.
 * @param {Chosen[]} files @param {Record<string, number>} sent sizes by name
 */
export const lacking = (files, sent) => files.filter(({ file, name }) => sent[name] !== file.size);
