// A chat server on Node.js with the packages ws and redis, to measure Switchboard beside: node server.js PORT REDIS_URL
//
// A client sends {"type":"join","channelId":…} and {"type":"send","channelId":…,"content":…}. Every message goes through Redis to every
// process, which serializes it once and sends it to the channel's clients. Nothing is stored, nobody is authenticated.
'use strict';

const { randomUUID } = require('crypto');
const { createClient } = require('redis');
const { WebSocketServer } = require('ws');

const [port, url] = process.argv.slice(2);
const channels = new Map();

async function main() {
    const publisher = createClient({ url });
    const subscriber = publisher.duplicate();
    await Promise.all([publisher.connect(), subscriber.connect()]);
    await subscriber.subscribe('messages', (text) => {
        const { channelId } = JSON.parse(text);
        for (const client of channels.get(channelId) ?? []) client.send(text);
    });

    const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port) });
    server.on('connection', (socket) => {
        const joined = new Set();
        socket.on('error', () => socket.terminate());
        socket.on('close', () => joined.forEach((channelId) => channels.get(channelId)?.delete(socket)));
        socket.on('message', (data) => {
            const { type, channelId, content } = JSON.parse(data);
            if (type === 'join') {
                if (!channels.has(channelId)) channels.set(channelId, new Set());
                channels.get(channelId).add(socket);
                joined.add(channelId);
                socket.send(JSON.stringify({ type: 'joined', channelId }));
            } else {
                const message = { type: 'message', channelId, messageId: randomUUID(), content, createdAt: new Date().toISOString() };
                publisher.publish('messages', JSON.stringify(message)).catch(() => {});
            }
        });
    });
    server.on('listening', () => console.log('listening'));
}

main();
