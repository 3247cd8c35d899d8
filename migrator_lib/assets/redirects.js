// Finds the ticket of an old number, or an article: loads the one small script that could have it, by the number's hash.
const answer = document.getElementById("answer"), field = document.getElementById("number");
const known = new Map(), loaded = new Map();

// An article is known by its number alone, whatever its address says besides.
function normalized(text) {
  const article = /\/kb\/a(\d+)(?:[/?#]|$)/i.exec(text.trim());
  return article ? `/KB/A${Number(article[1])}/` : text.replace(/\s+/g, "").toUpperCase();
}

function hashed(number) {
  let hash = 0x811c9dc5;
  for (let n = 0; n < number.length; n++) hash = Math.imul(hash ^ number.charCodeAt(n), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0").slice(0, DIGITS);
}

// Called by the scripts, once for each number that they hold; the first of several counts.
function found(number, id) {
  if (!known.has(number)) known.set(number, id);
}

function load(name) {
  if (!loaded.has(name)) {
    loaded.set(name, new Promise(done => {
      const script = document.createElement("script");
      script.src = `redirects/${name}.js`;
      script.onload = script.onerror = done;
      document.head.append(script);
    }));
  }
  return loaded.get(name);
}

async function look(text, follow) {
  const number = normalized(text);
  if (!number) return;
  answer.textContent = "Looking ...";
  await load(hashed(number));
  const id = known.get(number);
  if (id === undefined) {
    answer.textContent = `No ticket in Gorgias has the old number ${number}. It may have been left out on purpose: ` +
      "ticket_numbers.csv says what became of every ticket. Articles that lead nowhere are in redirects.csv.";
    return;
  }
  const link = document.createElement("a");
  link.href = /^https?:/.test(id) ? id : BASE + encodeURIComponent(id);
  link.textContent = link.href;
  answer.replaceChildren(`${number} is now `, link);
  if (follow) location.replace(link.href);
  else link.focus();
}

document.getElementById("ask").addEventListener("submit", event => {
  event.preventDefault();
  look(field.value, false);
});
const given = new URLSearchParams(location.search).get("number");
if (given) {
  field.value = given;
  look(given, true);
}
