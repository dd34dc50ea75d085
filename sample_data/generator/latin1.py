"""A small set in Latin-1, to show how a wrong encoding is refused."""

TEXTS = (
    "Grüße aus Köln, my parcel is still in the dépôt.",
    "The café on our street took the box, très étrange.",
    "I was charged £45.50 twice for the Pellow kettle.",
    "Señora Núñez cannot sign in, the reset mail never comes.",
    "El pedido no llegó, where is it?",
    "The façade of the heater is scratched, I paid £120 for it.",
    "À bientôt! And please end the plan in août.",
    "The app writes Ã instead of é since the update.",
    "My address is Straße 12, not Strasse 12, the driver went elsewhere.",
    "The invoice shows 19° of heating, is that a fee?",
    "Zoë and I share one login, now both are blocked.",
    "Could the lamp do ½ brightness? It would be lovely.",
    "The crêpe setting of the kettle is a joke, isn't it?",
    "I moved to Málaga, please change the drop-off address.",
    "Voilà, error E17 again after pressing save.",
    "£9.99 left my account although the trial had not ended.",
    "The naïve question of the day: how do I descale it?",
    "Señor López never ordered this, the box has his name on it.",
    "Temperature is off by 5°, the graph shows nothing.",
    "Merci à toute l'équipe, it works!",
)
LABELS = (
    "delivery", "delivery", "billing", "login", "delivery", "delivery|billing", "cancellation",
    "bug", "delivery", "billing", "login", "feature_request", "", "delivery", "bug", "billing", "",
    "delivery", "bug", "",
)  # fmt: skip
