const cards = [...document.querySelectorAll('.card')];
const chips = [...document.querySelectorAll('[data-filter]')];
const search = document.querySelector('input[type=search]');
const nothing = document.getElementById('nothing');
let filter = '';

function matches(card) {
  const fits = filter.startsWith('cause:') ? card.dataset.cause === filter.slice(6) : !filter || card.dataset.status === filter;
  return fits && card.dataset.name.includes(search.value.trim().toLowerCase());
}

function apply() {
  let shown = 0;
  for (const card of cards) {
    card.hidden = !matches(card);
    shown += !card.hidden;
  }
  nothing.hidden = shown > 0 || cards.length === 0;
}

for (const chip of chips) {
  chip.addEventListener('click', () => {
    filter = chip.dataset.filter;
    for (const other of chips) other.setAttribute('aria-pressed', String(other === chip));
    apply();
  });
}
search.addEventListener('input', apply);
