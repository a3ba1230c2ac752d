// sharp (libvips in Node): `node sharp.cjs pipelines|shared OUT FILE...` prints {"cpu": seconds, "rss": bytes}.
// The first file is rendered once before the clock starts, as for the others.
const sharp = require('sharp');
const path = require('path');

sharp.concurrency(1);
sharp.cache(false);
const [mode, out, ...files] = process.argv.slice(2);
const inside = (side) => [side, side, { fit: 'inside', withoutEnlargement: true }];
const thumb = (image) => image.webp({ quality: 80 });
const optimized = (image) => image.jpeg({ quality: 80, progressive: true, optimiseCoding: true });
const enhanced = (image) => image.normalise().sharpen().jpeg({ quality: 85, optimiseCoding: true });

async function pipelines(file, at) {
  await thumb(sharp(file).rotate().resize(...inside(320))).toFile(at('thumb.webp'));
  await optimized(sharp(file).rotate().resize(...inside(2048))).toFile(at('optimized.jpg'));
  await enhanced(sharp(file).rotate().resize(...inside(2048))).toFile(at('enhanced.jpg'));
}

async function shared(file, at) {
  const { data, info } = await sharp(file).rotate().resize(...inside(2048)).raw().toBuffer({ resolveWithObject: true });
  const base = () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
  await thumb(base().resize(...inside(320))).toFile(at('thumb.webp'));
  await optimized(base()).toFile(at('optimized.jpg'));
  await enhanced(base()).toFile(at('enhanced.jpg'));
}

async function main() {
  const run = mode === 'shared' ? shared : pipelines;
  const at = (file) => (name) => path.join(out, path.parse(file).name, name);
  await run(files[0], at(files[0]));
  const before = process.resourceUsage();
  for (const file of files) await run(file, at(file));
  const after = process.resourceUsage();
  const spent = (usage) => (usage.userCPUTime + usage.systemCPUTime) / 1e6;
  console.log(JSON.stringify({ cpu: spent(after) - spent(before), rss: after.maxRSS * 1024 }));
}

main();
