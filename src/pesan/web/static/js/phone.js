// Shapes a WhatsApp number to +62 as it is typed; a number that starts with another country's + is left alone.
const MOBILE = /^8[1-35-9]\d{7,10}$/;

export function shapePhone(field, event) {
  const typed = field.value;
  const atEnd = field.selectionStart === typed.length;
  const shaped = format(typed);
  const erasing = event?.inputType?.startsWith("delete");
  if (shaped !== null && !erasing && (atEnd || !event)) field.value = shaped;
  const national = digitsOf(field.value);
  const wrong = field.value.trim() && national !== null && !MOBILE.test(national);
  field.setCustomValidity(wrong ? field.dataset.mend : "");
}

export function format(typed) {
  const national = digitsOf(typed);
  if (national === null) return null;
  if (!national) return typed;
  return "+62 " + [national.slice(0, 3), national.slice(3, 7), national.slice(7)].filter(Boolean).join("-");
}

// The digits after +62; null for a foreign number.
function digitsOf(typed) {
  const text = typed.normalize("NFKC").replace(/\p{Cf}/gu, "").trim();
  const digits = text.replace(/\D/g, "");
  if (text.startsWith("+") && !digits.startsWith("62")) return null;
  // A mobile number starts with 8; the prefix may stand there twice while somebody types it under ours.
  return digits.replace(/^(?:0|62)+/, "").slice(0, 12);
}
