// Shapes a WhatsApp number to +62 as it is typed; a number that starts with another country's + is left alone.
const MOBILE = /^8[1-35-9]\d{7,10}$/;

export function shapePhone(field, event) {
  const typed = field.value;
  const atEnd = field.selectionStart === typed.length;
  const shaped = format(typed);
  if (shaped !== null && (atEnd || !event)) {
    const erasing = event?.inputType?.startsWith("delete");
    if (!erasing) field.value = shaped;
  }
  const national = digitsOf(field.value);
  const wrong = field.value.trim() && national !== null && !MOBILE.test(national);
  field.setCustomValidity(wrong ? field.dataset.mend : "");
}

export function format(typed) {
  const national = digitsOf(typed);
  if (national === null) return null;
  if (!national) return typed.trim().startsWith("+") ? typed : "";
  return "+62 " + [national.slice(0, 3), national.slice(3, 7), national.slice(7)].filter(Boolean).join("-");
}

// The digits after +62; null for a foreign number.
function digitsOf(typed) {
  const text = typed.normalize("NFKC").replace(/\p{Cf}/gu, "").trim();
  let digits = text.replace(/\D/g, "");
  if (text.startsWith("+") && digits && !"62".startsWith(digits.slice(0, 2))) return null;
  if (digits.startsWith("00")) digits = digits.slice(2);
  if (digits.startsWith("62")) digits = digits.slice(2);
  else if (text.startsWith("+")) return "";
  return digits.replace(/^0+/, "").slice(0, 12);
}
