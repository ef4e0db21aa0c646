const conversation = document.body.dataset.conversation;
const messages = document.querySelector("#messages");
const composer = document.querySelector("#composer");
const presence = document.querySelector("#presence");
const notSent = document.querySelector("#not-sent");
const notUploaded = document.querySelector("#not-uploaded");
const notRefreshed = document.querySelector("#not-refreshed");
const SERVER_GONE = "is npm run dev still running?";
const preview = document.querySelector(".chat.here small");
let typingEnds;

function scrollDown() {
  messages.scrollTop = messages.scrollHeight;
}

function showTyping(until) {
  clearTimeout(typingEnds);
  const left = until - Date.now();
  const typing = left > 0;
  presence.textContent = typing ? "typing…" : "online";
  messages.classList.toggle("typing", typing);
  if (typing) typingEnds = setTimeout(() => showTyping(0), left);
  scrollDown();
}

function showMessage({ wamid, direction, html }) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const shown = messages.querySelector(`[data-wamid="${CSS.escape(wamid)}"]`);
  if (shown) {
    shown.replaceWith(template.content);
    return;
  }
  preview.textContent = template.content.querySelector(".text").textContent;
  messages.append(template.content);
  if (direction === "to_contact") showTyping(0);
  scrollDown();
}

/** Why the server did not take it; empty when it did. */
async function post(path, type, body) {
  try {
    const response = await fetch(path, { method: "POST", headers: { "content-type": type }, body });
    return response.ok ? "" : await response.text();
  } catch {
    return `Not sent: ${SERVER_GONE}`;
  }
}

/** Why the list could not be read; empty when it was. */
async function refresh(list) {
  try {
    const response = await fetch(`/${list}?${conversation}`);
    const answer = await response.text();
    if (!response.ok) return answer;
    document.querySelector(`#${list}`).innerHTML = answer;
    return "";
  } catch {
    return `Not up to date: ${SERVER_GONE}`;
  }
}

async function refreshPanel() {
  const problems = await Promise.all([refresh("knowledge"), refresh("runs")]);
  notRefreshed.textContent = problems.find((problem) => problem !== "") ?? "";
}

function listen() {
  const events = new EventSource(`/events?${conversation}`);
  let lost = false;
  events.addEventListener("error", () => {
    lost = true;
    presence.textContent = "connecting…";
  });
  // What happened while the connection was away is only on the server.
  events.addEventListener("open", () => {
    if (!lost) return;
    sessionStorage.setItem(conversation, composer.elements.text.value);
    location.reload();
  });
  events.addEventListener("message", (event) => {
    showMessage(JSON.parse(event.data));
    refreshPanel();
  });
  events.addEventListener("typing", (event) => showTyping(JSON.parse(event.data).until));
  events.addEventListener("knowledge", refreshPanel);
}

composer.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = composer.elements.text;
  const text = field.value.trim();
  if (text === "") return;
  field.value = "";
  const problem = await post(
    `/messages?${conversation}`,
    "application/json",
    JSON.stringify({ text }),
  );
  notSent.textContent = problem;
  // more may have been typed meanwhile
  if (problem !== "") field.value = [text, field.value].filter((part) => part !== "").join("\n");
});

composer.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

messages.addEventListener("click", (event) => {
  const example = event.target.closest(".examples button");
  if (example === null) return;
  composer.elements.text.value = example.textContent;
  composer.requestSubmit();
});

document.querySelector("#file").addEventListener("change", async (event) => {
  const field = event.target;
  const [file] = field.files;
  if (!file) return;
  notUploaded.textContent =
    file.size > Number(field.dataset.maxBytes)
      ? `${file.name} is larger than 10 MB.`
      : await post(
          `/documents?${conversation}&name=${encodeURIComponent(file.name)}`,
          "application/octet-stream",
          file,
        );
  field.value = "";
});

document.querySelector("#contact").addEventListener("change", (event) => {
  location.search = event.target.value;
});

composer.elements.text.value ||= sessionStorage.getItem(conversation) ?? "";
sessionStorage.removeItem(conversation);
listen();
refreshPanel();
// A run that is still going ends without a message of its own.
setInterval(refreshPanel, 3000);
scrollDown();
