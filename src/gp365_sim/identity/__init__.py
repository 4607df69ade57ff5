"""Microsoft Entra ID as far as a service needs it: tokens for an application by secret or certificate."""
