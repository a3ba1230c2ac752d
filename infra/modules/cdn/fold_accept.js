// Viewer request: folds Accept into a few values, so that an edge keeps one copy for each and not one for each browser.
// The rule is that of modern_formats in pixelfleet/domain/accepted_formats.py; one table of cases tests both.
function handler(event) {
  var headers = event.request.headers;
  var accept = headers.accept;
  var text = "";
  if (accept) {
    text = accept.multiValue ? accept.multiValue.map(function (one) { return one.value; }).join(",") : accept.value;
  }
  headers.accept = { value: folded(text) };
  return event.request;
}

function folded(text) {
  var qualities = qualitiesOf(text);
  var jpeg = 0;
  ["*/*", "image/*", "image/jpeg"].forEach(function (name) {
    if (name in qualities) jpeg = qualities[name];
  });
  var avif = qualities["image/avif"] || 0;
  var webp = qualities["image/webp"] || 0;
  var takesWebp = webp > 0 && webp >= jpeg;
  var takesAvif = avif > 0 && avif >= jpeg && !(takesWebp && webp > avif);
  var jxl = qualities["image/jxl"] || 0;
  var takesJxl = jxl > 0 && jxl >= jpeg && !(takesAvif && avif > jxl) && !(takesWebp && webp > jxl);
  var taken = [];
  if (takesJxl) taken.push("image/jxl");
  if (takesAvif) taken.push("image/avif");
  if (takesWebp) taken.push("image/webp");
  return taken.join(",") || "image/jpeg";
}

function qualitiesOf(text) {
  var qualities = Object.create(null);
  if (text.length > 1000) return qualities;
  text.toLowerCase().split(",").forEach(function (entry) {
    var parts = entry.split(";").map(function (part) { return part.trim(); });
    var given = parts.slice(1).filter(function (part) { return part.indexOf("q=") === 0; });
    var quality = given.length ? given[0].slice(2) : "1";
    var value = /^(0(\.[0-9]{0,3})?|1(\.0{0,3})?)$/.test(quality) ? parseFloat(quality) : 0;
    qualities[parts[0]] = Math.max(value, qualities[parts[0]] || 0);
  });
  return qualities;
}
