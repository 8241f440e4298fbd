// Run by mongosh: a replica set of one node, and the user that the instances log in as. What is there already stays.
const fs = require('fs');

const secret = (name) => fs.readFileSync(`/run/secrets/${name}`, 'utf8').trim();

// While a new mongod makes its first user it ends once and comes again, so the first attempts may fail.
function logIn() {
    const uri = `mongodb://root:${encodeURIComponent(secret('mongo_root_password'))}@mongo:27017/admin?directConnection=true`;
    for (let attempt = 1; ; attempt += 1) {
        try {
            return connect(uri);
        } catch (error) {
            if (attempt === 60) throw error;
            sleep(1000);
        }
    }
}

const admin = logIn();
try {
    admin.runCommand({ replSetGetStatus: 1 });
} catch (error) {
    if (error.codeName !== 'NotYetInitialized') throw error;
    admin.runCommand({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: 'mongo:27017' }] } });
    print('replica set made');
}
while (!admin.runCommand({ hello: 1 }).isWritablePrimary) sleep(200);

const database = admin.getSiblingDB('switchboard');
const user = { pwd: secret('mongo_password'), roles: [{ role: 'readWrite', db: 'switchboard' }] };
if (database.getUser('switchboard')) {
    database.updateUser('switchboard', user);
} else {
    database.createUser({ user: 'switchboard', ...user });
    print('user made');
}
