// The browser loads scripts by address only where this policy has let it (Trusted Types): files of this server.

const policy = globalThis.trustedTypes?.createPolicy("messenger", {
  createScriptURL(address) {
    if (new URL(address, location.href).origin !== location.origin) throw new TypeError("not a script of this server");
    return address;
  },
});

export const scriptAddress = (address) => policy?.createScriptURL(String(address)) ?? address;
