"""JAX, which takes three quarters of what it sees at its start: prints a checksum."""

import jax
import jax.numpy as jnp

x = jax.random.normal(jax.random.PRNGKey(3), (1024, 1024))
print(jax.devices()[0].platform, f"{float(jnp.sum(jax.jit(lambda a: a @ a)(x))):.4e}")
