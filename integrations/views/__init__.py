"""The pages of the integration. They ask services and draw; they decide nothing and call no Intercom."""
