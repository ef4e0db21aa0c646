const conversation = document.body.dataset.conversation;
const messages = document.querySelector("#messages");
const composer = document.querySelector("#composer");
const presence = document.querySelector("#presence");
const problem = document.querySelector("#problem");
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

async function post(path, type, body) {
  const response = await fetch(path, { method: "POST", headers: { "content-type": type }, body });
  problem.textContent = response.ok ? "" : await response.text();
  return response.ok;
}

async function refreshRuns() {
  const response = await fetch(`/runs?${conversation}`);
  const answer = await response.text();
  if (response.ok) document.querySelector("#runs").innerHTML = answer;
  else problem.textContent = answer;
}

function listen() {
  const events = new EventSource(`/events?${conversation}`);
  let lost = false;
  events.addEventListener("error", () => {
    lost = true;
    presence.textContent = "connecting…";
  });
  // What happened while the connection was away is only on the server.
  events.addEventListener("open", () => lost && location.reload());
  events.addEventListener("message", (event) => {
    showMessage(JSON.parse(event.data));
    refreshRuns();
  });
  events.addEventListener("typing", (event) => showTyping(JSON.parse(event.data).until));
  events.addEventListener("uploads", (event) => {
    document.querySelector("#uploads").innerHTML = JSON.parse(event.data).html;
  });
}

composer.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = composer.elements.text;
  const text = field.value.trim();
  if (text === "") return;
  field.value = "";
  const sent = await post(
    `/messages?${conversation}`,
    "application/json",
    JSON.stringify({ text }),
  );
  if (!sent) field.value = text;
});

composer.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

document.querySelector("#file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const name = encodeURIComponent(file.name);
  await post(`/documents?${conversation}&name=${name}`, "application/octet-stream", file);
  event.target.value = "";
});

document.querySelector("#contact").addEventListener("change", (event) => {
  location.search = event.target.value;
});

listen();
refreshRuns();
// A run that is still going ends without a message of its own.
setInterval(refreshRuns, 3000);
scrollDown();
