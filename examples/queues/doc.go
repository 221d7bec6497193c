// Package queues has no code of its own: its tests are programs that take messages from Kafka
// (with franz-go), NATS and Redis (with asynq), one scope a message. They run against servers
// in the same process, so that what docs/cluster.md says about queue workers is tried.
package queues
