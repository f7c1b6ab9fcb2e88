// What the pages do better with JavaScript and do without it, too: local times, copying, short addresses.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

function showLocalTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.querySelector("[data-clock]").textContent = clock.format(at);
    time.querySelector("[data-day]").textContent = day.format(at);
    time.querySelector("[data-zone]")?.remove();
    time.title = time.dateTime;
  }
  for (const zone of document.querySelectorAll("th [data-zone]")) zone.remove();
}

async function copy(button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Can’t copy";
  }
  setTimeout(() => (button.textContent = label), 1600);
}

function showCopyButtons() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

// Blank fields stay out of the address.
function keepAddressesShort() {
  for (const form of document.querySelectorAll("form[data-filters]")) {
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
    });
  }
}

showLocalTimes();
showCopyButtons();
keepAddressesShort();
