// Viewer request: results are served below /i/, and lie at the bucket's root.
function handler(event) {
  var request = event.request;
  request.uri = request.uri.replace(/^\/i\//, "/");
  return request;
}
