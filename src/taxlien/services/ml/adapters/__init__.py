"""The engines that train and serve, and the places models are kept."""
