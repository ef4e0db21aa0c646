import { wordsOf } from "./words.ts";

const GREETINGS = words(
  "hi hello hey hiya hallo hola ola salut bonjour good morning afternoon evening",
);
const THANKS = words(
  "thanks thank you thx cheers gracias danke merci obrigado obrigada great perfect ok okay",
);
const GOODBYES = words("bye goodbye ciao adios tschuss see you later");
const WHO = words("who human person agent bot robot somebody someone help");
const FILLERS = words(
  "there you so much very a lot all team again and is it how are i me to the can could want need talk speak with please this real",
);

/** The reply to a message that asks nothing, or undefined when it may ask something. */
export function smallTalkReply(message: string): string | undefined {
  const said = wordsOf(message);
  const only = (kind: ReadonlySet<string>) =>
    said.some((word) => kind.has(word)) &&
    said.every((word) => kind.has(word) || FILLERS.has(word));
  if (said.length === 0 || only(GREETINGS)) return "Hello! What would you like to know?";
  if (only(THANKS)) return "You're welcome! Is there anything else you would like to know?";
  if (only(GOODBYES)) return "Goodbye, and thank you for writing to us.";
  if (only(WHO)) {
    return "I am an automatic assistant and answer from our documents. What would you like to know?";
  }
  return undefined;
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
