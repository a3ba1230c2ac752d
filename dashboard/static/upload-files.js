// @ts-check
// The files that somebody chose or dropped, folders in depth, and which of them an interrupted upload still lacks.

/** @typedef {{file: any, name: string}} Chosen */

/** @param {any} entry @param {string} path @returns {Promise<Chosen[]>} */
async function filesOf(entry, path) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: path + file.name }];
  }
  const reader = entry.createReader();
  const all = [];
  // readEntries gives a hundred at a time, and nothing when there are no more.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    for (const one of some) all.push(...(await filesOf(one, `${path}${entry.name}/`)));
  }
}

/** @param {DataTransfer} transfer */
export async function dropped(transfer) {
  // The list is emptied as soon as this turn ends: take the entries first.
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
 * What an interrupted upload still lacks of these files: all but those that it has sent, by name and size.
 * @param {Chosen[]} files @param {Record<string, number>} sent sizes by name
 */
export const lacking = (files, sent) => files.filter(({ file, name }) => sent[name] !== file.size);
