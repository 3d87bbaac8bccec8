// Asks the device for a passkey, and sends its answer with the form: `data-ask` gives the question.
export default function passkey(form) {
  if (!window.PublicKeyCredential) {
    form.hidden = true;
    return;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const place = form.querySelector("[data-problem]");
    place.textContent = "";
    try {
      const options = await ask(form);
      const answer = "makes" in form.dataset
        ? await navigator.credentials.create({ publicKey: options })
        : await navigator.credentials.get({ publicKey: options });
      form.elements.passkey.value = JSON.stringify(written(answer));
      form.submit();
    } catch (error) {
      place.textContent = error instanceof Refused ? error.message : form.dataset.failed;
    }
  });
}

class Refused extends Error {}

async function ask(form) {
  const response = await fetch(form.dataset.ask, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
  const said = await response.json();
  if (!response.ok) throw new Refused(said.detail);
  for (const known of [...(said.allowCredentials ?? []), ...(said.excludeCredentials ?? [])]) known.id = bytes(known.id);
  if (said.user) said.user.id = bytes(said.user.id);
  return { ...said, challenge: bytes(said.challenge) };
}

// As PublicKeyCredential.toJSON() writes it, which browsers of 2024 do not have yet.
function written({ id, rawId, type, response }) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = parts.filter((part) => response[part]).map((part) => [part, text(response[part])]);
  return { id, rawId: text(rawId), type, response: Object.fromEntries(given) };
}

function bytes(encoded) {
  return Uint8Array.from(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
}

function text(buffer) {
  const plain = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
