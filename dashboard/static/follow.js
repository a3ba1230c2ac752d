// A batch's progress: server-sent events say that something changed, htmx then loads the part of the page anew.

export function follow(path, place) {
  const source = new EventSource(`${path}/events`);
  let loading = false;
  let again = false;
  const load = async () => {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    await htmx.ajax("GET", `${path}/live`, { target: place, swap: "innerHTML" });
    loading = false;
    if (again) {
      again = false;
      await load();
    }
  };
  source.addEventListener("progress", (event) => {
    load();
    if (JSON.parse(event.data).completed) source.close();
  });
  addEventListener("pagehide", () => source.close());
  return source;
}
